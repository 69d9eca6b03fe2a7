package cognito

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// adminOperations need permissions.
func (s *Service) adminOperations() map[string]operation {
	return map[string]operation{
		"AdminAddUserToGroup": onUser(addToGroup),
		"AdminConfirmSignUp":  onUser(s.adminConfirmSignUp),
		"AdminCreateUser":     s.adminCreateUser,
		"AdminDeleteUser": onUser(func(on subject, _ *input) (any, error) {
			on.pool.remove(on.user)
			return nil, nil
		}),
		"AdminGetUser":             onUser(adminGetUser),
		"AdminRemoveUserFromGroup": onUser(removeFromGroup),
		"AdminSetUserPassword":     onUser(s.adminSetUserPassword),
		"ListUsers":                listUsers,
	}
}

// onUser is an operation on a user who exists.
func onUser(do operation) operation {
	return func(on subject, in *input) (out any, err error) {
		if on.user, err = on.pool.find(in.Username); err != nil {
			return nil, err
		}
		return do(on, in)
	}
}

type userType struct {
	Attributes           []attribute `json:",omitempty"`
	Enabled              bool
	UserAttributes       []attribute `json:",omitempty"`
	UserCreateDate       api.Timestamp
	UserLastModifiedDate api.Timestamp
	UserStatus           string
	Username             string
}

func (u *user) describe() userType {
	return userType{
		Attributes: u.attributeList(u.attributes), Enabled: true, UserStatus: u.status, Username: u.name,
		UserCreateDate: api.Timestamp{Time: u.created}, UserLastModifiedDate: api.Timestamp{Time: u.modified},
	}
}

// adminCreateUser invites a user, who may lack required attributes until the
// first sign-in
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html).
func (s *Service) adminCreateUser(on subject, in *input) (any, error) {
	if in.MessageAction == "RESEND" {
		return nil, fail("InvalidParameterException", "MessageAction RESEND is not supported locally: use AdminSetUserPassword")
	}
	password := cmp.Or(in.TemporaryPassword, rand.Text()+strings.Repeat("aA1!", 1+on.pool.Password.MinimumLength/4))
	u, err := on.pool.add(in.Username, password, forceChangePassword, attributeMap(in.UserAttributes), s.now())
	if err != nil {
		return nil, err
	}
	if in.MessageAction != "SUPPRESS" {
		s.sent(on.pool, u, "temporary password", password)
	}
	return struct{ User userType }{u.describe()}, nil
}

func (s *Service) adminSetUserPassword(on subject, in *input) (any, error) {
	status := forceChangePassword
	if in.Permanent {
		status = confirmed
	}
	return nil, on.pool.setPassword(on.user, in.Password, status, s.now())
}

// adminConfirmSignUp does not say that the address is verified.
func (s *Service) adminConfirmSignUp(on subject, _ *input) (any, error) {
	if err := on.user.mustBeUnconfirmed(); err != nil {
		return nil, err
	}
	on.user.status, on.user.modified, on.user.code = confirmed, s.now(), nil
	return nil, nil
}

func adminGetUser(on subject, _ *input) (any, error) {
	described := on.user.describe()
	described.UserAttributes, described.Attributes = described.Attributes, nil
	return described, nil
}

func addToGroup(on subject, in *input) (any, error) {
	if _, err := removeFromGroup(on, in); err != nil {
		return nil, err
	}
	on.user.groups = append(on.user.groups, in.GroupName)
	return nil, nil
}

func removeFromGroup(on subject, in *input) (any, error) {
	if !on.pool.groups[in.GroupName] {
		return nil, fail("ResourceNotFoundException", "Group not found.")
	}
	on.user.groups = slices.DeleteFunc(on.user.groups, func(name string) bool { return name == in.GroupName })
	return nil, nil
}

// listUsers lists all users, or those with an e-mail address.
func listUsers(on subject, in *input) (any, error) {
	var email string
	if _, err := fmt.Sscanf(strings.ReplaceAll(in.Filter, " ", ""), "email=%q", &email); in.Filter != "" && err != nil {
		return nil, fail("InvalidParameterException", "Filter %q is not supported locally: want email = \"...\"", in.Filter)
	}
	users := []userType{}
	for _, u := range on.pool.users {
		if in.Filter == "" || u.attributes["email"] == email {
			users = append(users, u.describe())
		}
	}
	slices.SortFunc(users, func(a, b userType) int { return strings.Compare(a.Username, b.Username) })
	return struct{ Users []userType }{users}, nil
}
